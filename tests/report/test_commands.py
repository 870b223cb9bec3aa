from tests.report.run_folders import write_run


def test_it_says_what_it_wrote_and_what_is_broken_which_cannot_steer_the_terminal(do, tmp_path):
    write_run(tmp_path / "runs", about="half a pair: \ud800")
    (write_run(tmp_path / "runs", "20250101-000000-aaaaaaaa") / "metrics.json").write_text("{")
    for name in ("a\x1b[2J", "b\udcff"):
        (tmp_path / "runs" / "toy" / name / "state").mkdir(parents=True)
    (tmp_path / "runs" / "toy" / "killed before it began").mkdir()
    code, out, _ = do("report", tmp_path / "runs", "-o", tmp_path / "out")
    assert code == 0
    assert "20250101-000000-aaaaaaaa: metrics.json is not whole JSON" in out
    assert "a?[2J: there is no metrics.json" in out
    assert "b?: there is no metrics.json" in out
    assert "1 experiment, 4 runs, 3 of them broken" in out
    assert "half a pair: ?" in (tmp_path / "out" / "index.html").read_text()


def test_two_runs_are_compared_in_the_terminal_and_on_a_page(do, tmp_path):
    found = {"about": "half a pair: \ud800", "config": {"\x1b[2J": "\ud800"}}
    runs = [write_run(tmp_path, "1", **found), write_run(tmp_path, "2")]
    code, out, _ = do("compare", *runs, "-o", tmp_path / "both.html")
    assert (code, "\x1b" in out) == (0, False)
    assert "0.9000" in out
    assert "Two runs side by side" in (tmp_path / "both.html").read_text()
