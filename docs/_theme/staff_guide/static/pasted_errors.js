"use strict";

// Have the search find a failure by a whole line of a log or a terminal, whose time,
// ids and names are on no page. Sphinx looks for entries of the index that have all
// that was typed; this puts before its results the entries of failures that are in it.
const searchOfSphinx = Search._performSearch;

Search._performSearch = (query, ...words) => {
  const index = Search._index;
  const failures = new Map();
  for (const [entry, places] of Object.entries(index.indexentries)) {
    for (const [page, id, isMain] of isIn(entry, query.toLowerCase()) ? places : []) {
      const name = index.docnames[page];
      const isLonger = entry.length > (failures.get(name)?.[4] ?? 0);
      if (isMain && isLonger && name.startsWith("troubleshooting/")) {
        failures.set(name, [
          name,
          index.titles[page],
          `#${id}`,
          null,
          entry.length,
          index.filenames[page],
          SearchResultKind.index,
        ]);
      }
    }
  }
  const others = searchOfSphinx(query, ...words).filter(
    ([page]) => !failures.has(page),
  );
  // The last is shown first: the longest of the entries.
  return [...others, ...[...failures.values()].sort((one, other) => one[4] - other[4])];
};

// A code is a word of its own.
const isIn = (entry, text) =>
  new RegExp(`(?<!\\w)${_escapeRegExp(entry)}(?!\\w)`).test(text);
