"use strict";
(() => {
  const FIRST = 6;
  const STEP = 12;
  const form = document.querySelector("form.filter");
  const entry = (item, marks) => ({
    item,
    classes: marks.dataset.classes.split(" "),
    pair: marks.dataset.pair,
    text: item.textContent.toLowerCase(),
  });
  const groups = [...document.querySelectorAll("ol.cards")].map((list) => {
    const rest = list.parentElement.querySelector("details.rest");
    return {
      key: list.dataset.issue,
      more: list.parentElement.querySelector("button.more"),
      none: list.parentElement.querySelector("p.none"),
      shown: FIRST,
      cards: [...list.children].map((item) => entry(item, item.firstElementChild)),
      rest,
      summary: rest ? rest.firstElementChild.textContent : "",
      rows: rest ? [...rest.querySelectorAll("tbody tr")].map((item) => entry(item, item)) : [],
    };
  });

  // The class filter holds a class index, or two of them: given and suggested.
  const fits = (want) => (one) =>
    (!want.cls || (want.cls.includes(" ") ? one.pair === want.cls : one.classes.includes(want.cls))) &&
    (!want.text || one.text.includes(want.text));

  const wanted = () => {
    const value = (name) => (form && form.elements[name] ? form.elements[name].value : "");
    return { issue: value("issue"), cls: value("class"), text: value("text").trim().toLowerCase() };
  };

  const drawRest = (group, want) => {
    if (!group.rest) return;
    let fitting = 0;
    for (const row of group.rows) {
      row.item.hidden = !fits(want)(row);
      fitting += row.item.hidden ? 0 : 1;
    }
    const all = fitting === group.rows.length;
    group.rest.firstElementChild.textContent = all ? group.summary : `${fitting} of ${group.summary.trim()}`;
    group.rest.hidden = fitting === 0;
  };

  const draw = () => {
    const want = wanted();
    const filtered = Boolean(want.issue || want.cls || want.text);
    let fitting = 0;
    let total = 0;
    for (const group of groups) {
      const here = !want.issue || want.issue === group.key;
      const found = here ? group.cards.filter(fits(want)) : [];
      const seen = new Set(found.slice(0, group.shown));
      for (const card of group.cards) card.item.hidden = !seen.has(card);
      const left = found.length - seen.size;
      group.more.hidden = left === 0;
      group.more.textContent = left > STEP ? `Show ${STEP} more of ${left}` : `Show ${left} more`;
      group.none.hidden = found.length > 0 || !here;
      drawRest(group, want);
      fitting += found.length;
      total += group.cards.length;
    }
    for (const section of document.querySelectorAll("section.issue")) {
      section.hidden = Boolean(want.issue) && section.id !== want.issue;
    }
    for (const cell of document.querySelectorAll("figure.pairs g[role]")) {
      cell.setAttribute("aria-pressed", String(cell.dataset.pair === want.cls));
    }
    if (form) form.querySelector("output").value = filtered ? `${fitting} of ${total} cards` : `${total} cards`;
  };

  const go = (item) => {
    if (!item.matches("summary")) item.tabIndex = -1;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  };

  for (const group of groups) {
    group.more.addEventListener("click", () => {
      const before = group.cards.filter((card) => !card.item.hidden).length;
      group.shown += STEP;
      draw();
      const next = group.cards.filter((card) => !card.item.hidden)[before];
      if (next) {
        next.item.tabIndex = -1;
        next.item.focus({ preventScroll: true });
      }
    });
  }
  if (form && groups.length) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", draw);
    form.addEventListener("reset", () => setTimeout(draw));
  }

  // A point of the map, or an address, names a card: show it even where a filter or the first few hide it.
  const reveal = (hash) => {
    const item = hash.length > 1 ? document.getElementById(hash.slice(1)) : null;
    const group = item && groups.find((one) => one.cards.some((card) => card.item === item));
    if (!group) return;
    const want = wanted();
    const card = group.cards.find((one) => one.item === item);
    if (form && ((want.issue && want.issue !== group.key) || !fits(want)(card))) form.reset();
    group.shown = Math.max(group.shown, group.cards.indexOf(card) + 1);
    draw();
    go(item);
  };
  for (const link of document.querySelectorAll("figure.map a")) {
    link.addEventListener("click", () => reveal(link.getAttribute("href")));
  }
  addEventListener("hashchange", () => reveal(location.hash));

  // A cell of given against suggested sets the class filter to its pair and goes to the first card.
  const choose = (cell, key) => {
    const select = form.elements.class;
    const pair = cell.dataset.pair;
    if (![...select.options].some((option) => option.value === pair)) {
      const name = (index) => [...select.options].find((option) => option.value === index)?.text ?? index;
      const [given, suggested] = pair.split(" ");
      select.add(new Option(`${name(given)} → ${name(suggested)}`, pair));
    }
    form.reset();
    form.elements.issue.value = key;
    select.value = pair;
    draw();
    const group = groups.find((one) => one.key === key);
    const first = group.cards.find((card) => !card.item.hidden);
    if (!first && group.rest && !group.rest.hidden) group.rest.open = true;
    go(first ? first.item : group.rest && !group.rest.hidden ? group.rest.firstElementChild : group.none);
  };
  for (const figure of document.querySelectorAll("figure.pairs")) {
    const key = figure.dataset.issue;
    if (!form || !form.elements.class || !groups.some((one) => one.key === key)) continue;
    figure.querySelector("svg").setAttribute("role", "group");
    figure.querySelector("p[hidden]").hidden = false;
    for (const cell of figure.querySelectorAll("g[data-pair]")) {
      cell.setAttribute("role", "button");
      cell.setAttribute("tabindex", "0");
      cell.setAttribute("aria-label", cell.querySelector("title").textContent);
      cell.addEventListener("click", () => choose(cell, key));
      cell.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose(cell, key);
      });
    }
  }

  for (const link of document.querySelectorAll("ul.tally a")) {
    link.addEventListener("click", () => {
      if (form && form.elements.issue.value) {
        form.reset();
        draw();
      }
    });
  }
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  draw();
  reveal(location.hash);
})();
