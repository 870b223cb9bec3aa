import pytest

from keras_suite import cli
from tests.experiments.processes import QUICK_SAMPLE, python, succeed

HEAVY = "{'tensorflow', 'keras', 'transformers', 'matplotlib', 'requests'}"


def test_importing_the_library_loads_no_framework():
    code = "import keras_suite, sys; print({'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    assert succeed("-c", code) == "set()\n"


@pytest.mark.parametrize("name", ["", *cli.COMMANDS])
def test_help_answers_without_a_framework_and_shows_the_defaults(name):
    code = (
        "import runpy, sys\n"
        f"sys.argv[1:] = {[name] * bool(name) + ['--help']}\n"
        "try: runpy.run_module('keras_suite', run_name='__main__')\n"
        f"finally: print({HEAVY} & set(sys.modules), file=sys.stderr)"
    )
    done = python("-c", code)
    assert (done.returncode, done.stderr) == (0, "set()\n")
    assert f"python -m keras_suite {'COMMAND' if name in ('', 'run') else name}" in done.stdout
    assert "None" not in done.stdout


def test_the_overview_names_every_command_and_every_experiment(do):
    code, out, _ = do()
    named = {line[2:19].strip() for line in out.splitlines() if line.startswith("  ")}
    assert code == 0
    assert named == {*cli.COMMANDS, *cli.experiment_names()}
    assert "fraud" in named


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ran"], "There is no command 'ran': there are run, tune, "),
        (["run", "frod"], "There is no experiment 'frod': there are cifar10, "),
        (["tune", "frod"], "There is no experiment 'frod': there are cifar10, "),
        (["run", "fraud", "--dropout", "0.2", "0.5", "1.5"], "--dropout must lie in [0, 1)"),
        (["run", "fraud", "--preset"], "argument --preset: expected one argument; see "),
        (["tune", "word_embeddings"], "experiments/word_embeddings.py has no search_space"),
        (["tune", "fraud", "--worker", "2"], "Unrecognized options: --worker, 2 (did you mean --w"),
        (["tune", "fraud", "--max-epochs", "0"], "--max-epochs must be at least 1, not 0"),
        (["tune", "fraud", "--factor", "1"], "--factor must be at least 2, not 1"),
        (["tune", "fraud", "--workers", "0"], "--workers must be at least 1, not 0"),
        (["tune", "fraud", "--resume", "--overwrite"], "--resume and --overwrite exclude each"),
        (["tune", "fraud", "--set", "rate=3"], "--set: there is no field 'rate'; the fields are"),
        (["tune", "fraud", "--set", "rows=many"], "--set: rows must be of type int, not 'many'"),
        (["tune", "fraud", "--set", "epochs=0"], "--set: --epochs must be at least 1, not 0"),
        (["tune", "fraud", "--set", "rows"], "--set rows: write it as field=value"),
        (["report", "missing"], "missing cannot be read"),
        (["report", ".", "--form", "pdf"], "Unrecognized options: --form, pdf; see "),
        (["compare", "missing", "missing"], "missing is no run that can be compared"),
        (["compare", "missing"], "Missing from python -m keras_suite compare: RUN"),
        (["export", "missing"], "missing is neither a run's folder nor"),
        (["export", "missing", "--keep", "0"], "--keep must be at least 1, not 0."),
        (["check"], "Name a run's folder"),
        (["predict", "missing"], "Give one of --csv FILE, --image FILE ... and --text"),
    ],
)
def test_bad_input_is_one_sentence_with_code_2(do, arguments, sentence):
    code, out, err = do(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {sentence}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("fraud --config best.json", "best.json: there is no field 'epocs'; the fields are"),
        ("fraud --data auto --data-dir creditcard.csv", "creditcard.csv is a web page, not a"),
        ("fake_news --models 1 1", "--models must name one or more, each once, not (1, 1)"),
        ("fake_news --regimes", "--regimes must name one or more"),
        ("fake_news --encoder nowhere/at-all", "No tokenizer from nowhere/at-all ("),
        ("fake_news --validation-tweets 480", "--validation-tweets 480 leaves none of the 480 tw"),
        ("lora --r 65", "The rank must be from 1 to 64"),
        ("lora --target-modules qury", "qury matches no dense layer; there are"),
        ("lora --validation-pairs 1200", "--validation-pairs 1200 leaves none of the 1200 pairs"),
        ("siamese --train-images 200", "Batches of 8 classes and 16 rows of each cannot be drawn"),
        ("siamese --classes-per-batch 1", "--classes-per-batch must be at least 2"),
        ("siamese --classes-per-batch 10", "--batch-size 128 must be --classes-per-batch 10 times"),
        ("siamese --batch-size 8", "--batch-size 8 must be --classes-per-batch 8 times the images"),
        ("siamese --tsne-images 3", "--tsne-images must be at least 10"),
        ("cifar10 --weights file.h5", "--weights file.h5 is for one network: name it with"),
        ("word_embeddings --repeats 2", "--repeats must be 1"),
        ("word_embeddings --words presidnet", "There is no vector for 'presidnet' (president"),
        ("word_embeddings --analogy man:men::wman", "There is no vector for 'wman' ("),
        ("word_embeddings --neighbours 4176", "--neighbours 4176 is too many: give at most 4175."),
        ("word_embeddings --neighbours 0", "--neighbours must be at least 1"),
        ("word_embeddings --benchmark-words -1", "--benchmark-words must be at least 0"),
        ("word_embeddings --analogy king-man+woman", "an analogy is written a:b::c or a:b::c:exp"),
    ],
)
def test_what_an_experiment_cannot_use_is_one_sentence_and_leaves_no_run(
    do, tmp_path, monkeypatch, asked, sentence
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "best.json").write_text('{"epocs": 3}')
    (tmp_path / "creditcard.csv").write_text("<html>404</html>")
    name, *flags = asked.split()
    code, _, err = do("run", name, *QUICK_SAMPLE, *flags)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"error: {sentence}")
    assert not [path for path in tmp_path.glob("runs/*/*") if path.name != ".lock"]
