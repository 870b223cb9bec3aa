"""Default commands against a hub and hosts of data that publish what the real ones do."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
import transformers as tr

from keras_suite.cli import experiment_names
from keras_suite.data.download import LIBRARIES
from keras_suite.data.hub import KNOWN
from keras_suite.data.wordpiece import wordpiece_of
from tests.data.hosts import FAULTS, NOWHERE, Hosts, reached
from tests.data.hub_server import Hub, commit_of
from tests.data.published import publish
from tests.data.tokenizers import byte_level_of
from tests.experiments.processes import ROOT, latest, read
from tests.models.checkpoints import as_pytorch, randomize, write_checkpoint

TEXT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT |= {"intermediate_size": 32, "vocab_size": 400, "max_position_embeddings": 514}
IMAGES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
IMAGES |= {"intermediate_size": 32, "num_labels": 1000}
BERT = tr.TFBertForMaskedLM, tr.BertConfig
DEIT = tr.TFDeiTForImageClassificationWithTeacher, tr.DeiTConfig
CORPUS = ["the tweet says that it helps and no it does not", "تهران پایتخت ایران است"] * 20
TWEETS = "--train-tweets 16 --validation-tweets 8 --test-tweets 8"
PAIRS = "--train-pairs 16 --validation-pairs 8 --test-pairs 8 --steps-per-evaluation 1"
QUESTIONS = "--train-questions 8 --validation-questions 8 --test-questions 8"
MAIN, OFFER = "main", "refs/pr/1"
ALBERT, VGG19 = "m3hrdadfi/albert-fa-base-v2", "VGG19, ImageNet, without its top"
OLD = "pytorch_model.bin", "flax_model.msgpack"

# Name; model; what lies on main besides config.json; the offer's number; and what is then taken.
REPOSITORIES = {
    "HooshvareLab/bert-fa-base-uncased": (BERT, (*OLD, "tf_model.h5", "vocab.txt"), 1, MAIN),
    "m3hrdadfi/albert-fa-base-v2": (
        (tr.TFAlbertForMaskedLM, tr.AlbertConfig),
        ("pytorch_model.bin", "spiece.model", "spiece.vocab"),
        1,
        OFFER,
    ),
    "digitalepidemiologylab/covid-twitter-bert-v2": (
        BERT,
        (*OLD, "tf_model.h5", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"),
        1,
        MAIN,
    ),
    "google-bert/bert-base-uncased": (
        BERT,
        (*OLD, "tf_model.h5", "model.safetensors", "vocab.txt", "tokenizer.json"),
        None,
        MAIN,
    ),
    "FacebookAI/roberta-large": (
        (tr.TFRobertaForMaskedLM, tr.RobertaConfig),
        (*OLD, "tf_model.h5", "model.safetensors", "vocab.json", "merges.txt", "tokenizer.json"),
        None,
        MAIN,
    ),
    "facebook/deit-base-distilled-patch16-224": (
        DEIT,
        ("pytorch_model.bin", "tf_model.h5", "preprocessor_config.json"),
        2,
        MAIN,
    ),
    "facebook/deit-small-distilled-patch16-224": (
        DEIT,
        ("pytorch_model.bin", "tf_model.h5", "preprocessor_config.json"),
        2,
        MAIN,
    ),
}
COMMANDS = {
    "cifar10": "--train-images 20 --test-images 10 --epochs 1 --batch-size 8",
    "fake_news": f"{TWEETS} --models 1 3 --regimes feature-based --epochs 1 --batch-size 8",
    "fashion_mnist": "--epochs 1",
    "fraud": "--rows 10000 --epochs 1 --batch-size 256",
    "lora": f"{PAIRS} --evaluations 1",
    "persian_qa": f"{QUESTIONS} --evaluations 1",
    "siamese": "--epochs 1 --batch-size 16 --train-images 300 --test-images 100 --tsne-images 20",
    "skin_lesions": "--epochs 1 --train-images 100 --resamples 20",
    "word_embeddings": "--benchmark-words 2000",
}
NEEDED = {
    "cifar10": [
        "facebook/deit-base-distilled-patch16-224",
        "facebook/deit-small-distilled-patch16-224",
    ],
    "fake_news": ["google-bert/bert-base-uncased", "digitalepidemiologylab/covid-twitter-bert-v2"],
    "lora": ["FacebookAI/roberta-large"],
    "persian_qa": ["HooshvareLab/bert-fa-base-uncased"],
}


def repository(folder, kind, config, files):
    """Write files of small random weights; pickles and flax's are no such files and never read."""
    folder.mkdir(parents=True)
    made = config(**(IMAGES if config is tr.DeiTConfig else TEXT))
    model = kind(made)
    randomize(model)
    write_checkpoint(folder, made, as_pytorch(model))
    if "model.safetensors" not in files:
        (folder / "model.safetensors").unlink()
    if "tf_model.h5" in files:
        model.save_pretrained(folder, safe_serialization=False)
    if "spiece.model" in files:
        (folder / "corpus").write_text("\n".join(CORPUS * 5), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            f"--input={folder / 'corpus'} --model_prefix={folder / 'spiece'} --vocab_size=60 "
            "--hard_vocab_limit=false "
            "--pad_id=0 --unk_id=1 --bos_id=-1 --eos_id=-1 --control_symbols=[CLS],[SEP],[MASK] "
            "--minloglevel=2"
        )
        (folder / "corpus").unlink()
    elif "merges.txt" in files:
        byte_level_of(CORPUS).save_pretrained(folder)
    elif "vocab.txt" in files:
        wordpiece_of(CORPUS, TEXT["vocab_size"]).save_pretrained(folder)
    for file in files:
        if not (folder / file).exists():
            (folder / file).write_bytes(b"{}" if file.endswith("json") else b"never read")
    for file in folder.iterdir():
        if file.name not in (*files, "config.json"):
            file.unlink()
    return folder


@dataclass
class Outside:
    """The hosts, what reaches them, and the hashes of what they publish."""

    hub: Hub
    hosts: Hosts
    environment: dict[str, str]
    pins: Path

    def do(self, *arguments, cache: Path, reached: bool = True) -> subprocess.CompletedProcess:
        """Do a command with a cache folder that is its own, or with one that has been filled."""
        line = sys.executable, "-m", "tests.contract.pinned", self.pins, *arguments
        given = {name: value for name, value in os.environ.items() if name not in LIBRARIES}
        given |= self.environment if reached else NOWHERE
        given |= {"KERAS_SUITE_CACHE": str(cache), "HF_HUB_DOWNLOAD_TIMEOUT": "1"}
        return subprocess.run(
            list(map(str, line)), cwd=ROOT, env=given, capture_output=True, text=True
        )

    def run(self, experiment: str, *flags, output: Path, **how) -> subprocess.CompletedProcess:
        return self.do("run", experiment, *flags, "--output", output, **how)


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    home, hub = tmp_path_factory.mktemp("outside"), Hub()
    for name, (model, files, number, _) in REPOSITORIES.items():
        main = repository(home / name / "main", *model, files)
        offers = {}
        if number:
            offers = {number: repository(home / name / "pr", *model, ("model.safetensors",))}
        hub.add(name, main, offers)
    hosts = Hosts({"huggingface.co": hub} | publish(home / "pins.json"))
    with reached(hosts, home) as environment:
        yield Outside(hub, hosts, environment, home / "pins.json")


@pytest.fixture(scope="module")
def fetched(outside, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fetched")
    done = outside.do("fetch", "all", cache=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def records_of(outside, experiment, *flags, folder, offline_from=None):
    """Run an experiment online, and then offline from a folder; return both runs' metrics."""
    cache = folder / "cache"
    online = outside.run(experiment, *flags, output=folder / "online", cache=cache)
    assert (online.returncode, online.stderr) == (0, ""), online.stderr
    how = {"cache": offline_from or cache, "reached": False}
    offline = outside.run(experiment, *flags, output=folder / "offline", **how)
    assert (offline.returncode, offline.stderr) == (0, ""), offline.stderr
    return [read(latest(folder / each, experiment))[0] for each in ("online", "offline")]


def revisions(*names):
    return {name: commit_of(name, REPOSITORIES[name][3]) for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("experiment", COMMANDS, ids="{}'s".format)
def test_a_default_command_ends_well_online_and_then_offline_from_what_was_fetched(
    experiment, outside, fetched, tmp_path
):
    flags = COMMANDS[experiment].split()
    records = records_of(outside, experiment, *flags, folder=tmp_path, offline_from=fetched)
    for each in records:
        assert each["data"]["kind"] == "real"
        weights = {found["name"]: found["revision"] for found in each["weights"]}
        weights.pop(VGG19, None)
        assert weights == revisions(*NEEDED.get(experiment, ()))
    assert records[0]["weights"] == records[1]["weights"]
    assert records[0]["data"] == records[1]["data"]
    figures = [[row["reproduced"] for row in each["results"] if row.get("group") != "cost"]
               for each in records]  # fmt: skip
    assert np.array_equal(*figures)


@pytest.mark.slow
def test_weights_that_the_bot_offers_are_looked_for_once_recorded_and_found_offline(
    outside, tmp_path
):
    before = len(outside.hub.asked)
    flags = "--data", "sample", "--encoder", ALBERT, *COMMANDS["persian_qa"].split()
    for each in records_of(outside, "persian_qa", *flags, folder=tmp_path):
        ((record),) = each["weights"]
        assert {record["name"]: record["revision"]} == revisions(ALBERT)
        assert len(record["sha256"]) == 64
    asked = outside.hub.asked[before:]
    assert asked.count(f"GET /api/models/{ALBERT}/discussions") == 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_sentence_for_each_experiment(fault, outside, tmp_path):
    with outside.hosts.suffering(fault):
        done = outside.do("fetch", "all", cache=tmp_path)
    told = {name for name in COMMANDS if f" {name}: " in refusal(done)}
    if fault == "a wrong checksum":
        told.add("fraud")  # whose file may be another
    assert told == set(COMMANDS) - {"word_embeddings"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("experiment", "fault", "befalls"),
    [
        ("skin_lesions", "404", ""),
        ("fashion_mnist", "cut at a random byte", ""),
        ("lora", "cut at a random byte", "/cdn/"),
        ("lora", "a wrong checksum", "/cdn/"),
    ],
    ids="{}".format,
)
def test_a_run_that_a_fault_stops_leaves_no_folder(experiment, fault, befalls, outside, tmp_path):
    with outside.hosts.suffering(fault, befalls):
        done = outside.run(experiment, output=tmp_path / "runs", cache=tmp_path / "cache")
    assert refusal(done)
    assert not list((tmp_path / "runs" / experiment).iterdir())


def refusal(done):
    """Return the sentence, which there must be, and nothing else."""
    assert done.returncode == 2, done.stderr
    (sentence,) = re.fullmatch("error:(.*)\n", done.stderr).groups()
    return sentence


@pytest.mark.slow
def test_no_pickle_was_asked_for(outside):
    assert not any(name in each for each in outside.hub.asked for name in OLD)


def test_the_names_are_those_that_the_experiments_have():
    assert set(REPOSITORIES) == set(KNOWN)
    assert set(COMMANDS) == set(experiment_names())
