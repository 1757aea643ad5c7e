"""The reader's side of a rehearsal: the terminal and the project."""
