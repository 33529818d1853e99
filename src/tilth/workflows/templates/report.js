"use strict";
(() => {
  const FIRST = 6;
  const STEP = 12;
  const form = document.querySelector("form.filter");
  const groups = [...document.querySelectorAll("ol.cards")].map((list) => ({
    key: list.dataset.issue,
    list,
    section: list.closest("section"),
    more: list.parentElement.querySelector("button.more"),
    none: list.parentElement.querySelector("p.none"),
    shown: FIRST,
    cards: [...list.children].map((item) => ({
      item,
      classes: item.firstElementChild.dataset.classes.split(" "),
      text: item.textContent.toLowerCase(),
    })),
  }));

  const wanted = () => {
    const value = (name) => (form && form.elements[name] ? form.elements[name].value : "");
    return { issue: value("issue"), cls: value("class"), text: value("text").trim().toLowerCase() };
  };

  const draw = () => {
    const want = wanted();
    const filtered = Boolean(want.issue || want.cls || want.text);
    let fitting = 0;
    let total = 0;
    for (const group of groups) {
      const here = !want.issue || want.issue === group.key;
      const fits = group.cards.filter(
        (card) => here && (!want.cls || card.classes.includes(want.cls)) && (!want.text || card.text.includes(want.text)),
      );
      const seen = new Set(fits.slice(0, group.shown));
      for (const card of group.cards) card.item.hidden = !seen.has(card);
      const left = fits.length - seen.size;
      group.more.hidden = left === 0;
      group.more.textContent = left > STEP ? `Show ${STEP} more of ${left}` : `Show ${left} more`;
      group.none.hidden = fits.length > 0 || !here;
      fitting += fits.length;
      total += group.cards.length;
    }
    for (const section of document.querySelectorAll("section.issue")) {
      section.hidden = Boolean(want.issue) && section.id !== want.issue;
    }
    if (form) form.querySelector("output").value = filtered ? `${fitting} of ${total} cards` : `${total} cards`;
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
})();
