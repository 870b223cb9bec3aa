// Headers of table.sortable become buttons that sort by their column; again turns it round.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];

  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };

  const compare = (one, other) => {
    const [x, y] = [Number(one), Number(other)];
    return Number.isNaN(x) || Number.isNaN(y) ? one.localeCompare(other) : x - y;
  };

  const sort = (head, column) => {
    const descending = head.getAttribute("aria-sort") === "ascending";
    const rows = [...body.rows].sort((one, other) => {
      const [x, y] = [key(one, column), key(other, column)];
      if (x === "" || y === "") return (x === "") - (y === ""); // what is missing comes last
      return descending ? compare(y, x) : compare(x, y);
    });
    for (const each of heads) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    body.append(...rows);
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
    head.setAttribute("aria-sort", "none");
  });
}
