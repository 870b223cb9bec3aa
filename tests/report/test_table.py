import pytest

from tests.report.run_folders import SAMPLE, result, write_run

CLAIM = {"name": "C1", "source": "A", "sentence": "a | b.", "answer": "holds", "because": "<f1>"}


def table(do, runs, tmp_path):
    code, out, error = do("report", "table", runs, "-o", tmp_path / "docs" / "table.md")
    assert (code, error) == (0, "")
    assert out.endswith("table.md: 2 runs\n")
    return (tmp_path / "docs" / "table.md").read_text()


def test_figures_and_claims_of_finished_runs_stand_in_tables(do, tmp_path):
    figures = [result(reported=0.86, std=0.002, values=[0.898, 0.902]), result("f1", 0.8)]
    weights = [{"name": "somebody/bert"}, "odd"]
    write_run(tmp_path / "runs", results=figures, claims=[CLAIM], weights=weights)
    write_run(tmp_path / "runs", experiment="sampled", data=SAMPLE, command="`rm` me")
    write_run(tmp_path / "runs", "20270101-000000-0a1b2c3d", status="interrupted")
    text = table(do, tmp_path / "runs", tmp_path)
    assert "| C1 | A: a \\| b. | holds | &lt;f1&gt; |" in text
    assert "| cnn, paper | test | accuracy | 0.86 | 0.9000 ±0.0020 | better |" in text
    assert "f1 |" not in text
    assert "Real data; 100 rows of rows.csv; weights somebody/bert; 2 seeds; 10 min 8 s." in text
    sampled = text[text.index("## sampled") :]
    assert "`rm me`\n\nSAMPLE DATA; 10 rows of simulated rows; 1 seed;" in sampled
    assert "| cnn, paper | test | accuracy | 0.86 | 0.9000 |  |" in sampled


@pytest.mark.parametrize(
    ("status", "page", "sentence"),
    [
        ("interrupted", "a.md", "holds no finished runs: give a folder"),
        ("done", "a.html", "a.html is not the name of a page: give an .md file"),
    ],
)
def test_without_runs_or_a_page_there_is_a_sentence(do, tmp_path, status, page, sentence):
    write_run(tmp_path / "runs", status=status)
    code, _, error = do("report", "table", tmp_path / "runs", "-o", tmp_path / page)
    assert (code, sentence in error) == (2, True)
    assert not (tmp_path / page).exists()
