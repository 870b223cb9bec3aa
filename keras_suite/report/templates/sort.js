// Headers of table.sortable become buttons that sort by their column; again turns it round.
const key = ({ cells }, column) => cells[column].dataset.value ?? cells[column].textContent.trim();

const compare = (one, other) => {
  const [x, y] = [Number(one), Number(other)];
  return Number.isNaN(x) || Number.isNaN(y) ? one.localeCompare(other) : x - y;
};

const sort = (table, head) => {
  const descending = head.getAttribute("aria-sort") === "ascending";
  const rows = [...table.tBodies[0].rows].sort((one, other) => {
    const [x, y] = [key(one, head.cellIndex), key(other, head.cellIndex)];
    if (x === "" || y === "") return (x === "") - (y === ""); // what is missing comes last
    return descending ? compare(y, x) : compare(x, y);
  });
  for (const each of head.parentNode.cells) each.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  table.tBodies[0].append(...rows);
};

for (const head of document.querySelectorAll("table.sortable thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  button.addEventListener("click", () => sort(head.closest("table"), head));
  head.append(button);
  head.setAttribute("aria-sort", "none");
}
