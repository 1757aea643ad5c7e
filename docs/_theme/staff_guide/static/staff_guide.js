"use strict";

// A browser that keeps nothing for a site throws at any use of localStorage.
const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {}
};
const recall = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {}
};

// Tabs: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
// A page writes `.. container:: tabs`, and in it a `.. rubric::` before each tab's
// content; without this script they stay titled sections, one below the other.
document.querySelectorAll("div.tabs").forEach((set, number) => {
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  const panels = [];
  for (const node of [...set.children]) {
    if (node.matches(".rubric")) {
      panels.push(document.createElement("div"));
    }
    panels.at(-1).append(node);
  }
  const tabs = panels.map((panel, index) => {
    const tab = document.createElement("button");
    tab.textContent = panel.firstChild.textContent;
    tab.id = `tab-${number}-${index}`;
    panel.id = `panel-${number}-${index}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    return tab;
  });
  list.append(...tabs);
  set.replaceChildren(list, ...panels);

  // Sets with the same titles share one choice, on every page.
  const key = "tab:" + tabs.map((tab) => tab.textContent).join("|");
  const select = (chosen) =>
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", index === chosen);
      tab.tabIndex = index === chosen ? 0 : -1;
      panels[index].hidden = index !== chosen;
    });
  const choose = (chosen) => {
    remember(key, chosen);
    document.dispatchEvent(new CustomEvent(key, { detail: chosen }));
    tabs[chosen].focus();
  };
  document.addEventListener(key, (event) => select(event.detail));
  tabs.forEach((tab, index) => tab.addEventListener("click", () => choose(index)));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      choose((tabs.indexOf(event.target) + step + tabs.length) % tabs.length);
    }
  });
  select(Number(recall(key) ?? 0));
});

// The page's own entry may lie below the fold of the menu.
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest" });

// Safari's keyboard does not reach a box that scrolls unless it is a tab stop.
const scrollers = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
    } else {
      target.removeAttribute("tabindex");
    }
  }
});
document
  .querySelectorAll(".highlight pre, .table-box")
  .forEach((box) => scrollers.observe(box));
