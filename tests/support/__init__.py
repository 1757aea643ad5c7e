"""What the tests share: data, people, servers, the pages; no test."""
