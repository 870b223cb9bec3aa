"""Fine-tuning RoBERTa-base by LoRA here against PEFT on PyTorch.

``python benchmarks/lora_vs_peft.py [--tokenizer FOLDER] [--data-dir FOLDER] [--rounds 10]
[--precision bfloat16]`` builds the same network with random weights on both sides and trains it by
Adam: rank 8 on query and value, a trained head, dropout 0.1 everywhere, 16 pairs a step, float32
but for ``--precision``, which is that of keras_suite alone. Each side is a process that imports
only what it needs and uses all cores; they take turns, a step each. Prints

1. seconds of a step of 16 x 128 tokens, none of them padding, and the peaks of resident memory;
2. given RoBERTa's tokenizer, QQP's pairs per second on the same pairs: in length buckets here,
   padded to 128 tokens there, as transformers' run_glue.py does by default.

PyTorch's wheels multiply by MKL, which has AVX-512 for Intel's processors only. Elsewhere the
ratio of seconds is one of MKL to oneDNN as well; ``ONEDNN_MAX_CPU_ISA=AVX2`` before the command
holds TensorFlow to AVX2, too.
"""

import argparse
import importlib.util
import multiprocessing
import os
import re
import statistics
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

Batch = tuple[dict[str, np.ndarray], np.ndarray]
Step = Callable[[dict[str, np.ndarray], np.ndarray], object]

ROBERTA_BASE = {"max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
"""What transformers' RobertaConfig does not have by itself."""
VOCABULARY, PAD_ID = 50265, 1
CLASSES, BATCH_SIZE, MAX_LENGTH = 2, 16, 128
RANK, ALPHA, DROPOUT, LEARNING_RATE = 8, 16, 0.1, 1e-3
WARM_UP_WIDTHS = 64, 96, 128
QQP_PAIRS = 20_000
SECONDS_RATIO, MEMORY_RATIO, PAIRS_RATIO = 1.05, 1.0, 3.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tokenizer", type=Path, help="folder with RoBERTa's tokenizer")
    parser.add_argument("--data-dir", type=Path, help="TensorFlow Datasets' folder with glue/qqp")
    parser.add_argument("--rounds", type=int, default=10, help="steps of each side in each part")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    return parser.parse_args()


def keras_step(precision: str) -> Step:
    """Build this suite's model; return what trains it on a batch."""
    from keras_suite.terminal.quiet import start_tensorflow

    start_tensorflow()
    import keras
    import tf_keras
    from transformers import RobertaConfig
    from transformers.models.roberta.modeling_tf_roberta import TFRobertaMainLayer

    from keras_suite.adapters.apply import apply_lora
    from keras_suite.adapters.config import LoRAConfig
    from keras_suite.layers.adopted import Adopted
    from keras_suite.tasks.lora.text_classifier import text_classifier

    if precision == "bfloat16":  # weights stay float32
        keras.config.set_dtype_policy("mixed_bfloat16")
        tf_keras.mixed_precision.set_global_policy("mixed_bfloat16")
    arguments = {"add_pooling_layer": False}
    module = TFRobertaMainLayer(RobertaConfig(**ROBERTA_BASE), **arguments, name="roberta")
    encoder = Adopted(module, "last_hidden_state", arguments)
    config = LoRAConfig(
        r=RANK, lora_alpha=ALPHA, lora_dropout=DROPOUT, modules_to_save=("classifier",)
    )
    model = apply_lora(text_classifier(encoder, CLASSES), config)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss)
    return model.train_on_batch


def peft_step() -> Step:
    """Build PEFT's model; return what trains it on a batch."""
    os.environ.update(USE_TORCH="1", USE_TF="0")  # this suite sets the opposite
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import RobertaConfig, RobertaForSequenceClassification

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    base = RobertaForSequenceClassification(RobertaConfig(**ROBERTA_BASE, num_labels=CLASSES))
    config = LoraConfig(
        task_type="SEQ_CLS",  # trains the head
        r=RANK,
        lora_alpha=ALPHA,
        lora_dropout=DROPOUT,
        target_modules=["query", "value"],
    )
    model = get_peft_model(base, config).train()
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(trained, LEARNING_RATE)

    def step(inputs: dict[str, np.ndarray], labels: np.ndarray) -> None:
        tensors = {name: torch.from_numpy(array).long() for name, array in inputs.items()}
        model(**tensors, labels=torch.from_numpy(labels)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def work(make_step: Callable[[], Step], parent: Connection) -> None:
    """Train on each batch that comes; answer with its seconds and the peak memory so far."""
    step = make_step()
    with suppress(EOFError):  # the parent is done
        while True:
            batch = parent.recv()
            started = time.perf_counter()
            step(*batch)
            parent.send((time.perf_counter() - started, peak_mebibytes()))


class Side:
    """One side's process, which works only while it is asked to."""

    def __init__(self, make_step: Callable[[], Step]):
        context = multiprocessing.get_context("spawn")
        self.worker, end = context.Pipe()
        context.Process(target=work, args=(make_step, end), daemon=True).start()
        end.close()  # so that a worker's failure ends the wait for its answer
        self.peak = 0.0

    def seconds(self, batch: Batch) -> float:
        """Train on a batch."""
        self.worker.send(batch)
        seconds, self.peak = self.worker.recv()
        return seconds


def peak_mebibytes() -> float:
    """Linux only: ``getrusage`` would carry the parent's peak over into this process."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 2**10


def full_batch(seed: int, width: int = MAX_LENGTH) -> Batch:
    """Random tokens, none of them padding."""
    rng = np.random.default_rng(seed)
    shape = BATCH_SIZE, width
    ids = rng.integers(PAD_ID + 1, VOCABULARY, shape, np.int32)
    inputs = {"input_ids": ids, "attention_mask": np.ones(shape, np.int32)}
    return inputs, rng.integers(0, CLASSES, BATCH_SIZE)


def qqp_batches(options: argparse.Namespace) -> list[Batch]:
    """A pass over 20,000 of QQP's pairs in length buckets."""
    from keras_suite.terminal.quiet import start_tensorflow

    start_tensorflow()
    from keras_suite.data.tokens import load_tokenizer
    from keras_suite.tasks.lora.text_pairs import load_pairs, tokenized

    pairs = load_pairs("qqp", "real", options.data_dir).train
    picks = np.random.default_rng(0).choice(len(pairs[2]), QQP_PAIRS, replace=False)
    rows = tokenized(pairs, picks, load_tokenizer(options.tokenizer), MAX_LENGTH)
    stream = rows.stream(BATCH_SIZE, seed=0, first_step=0)
    return list(islice(stream, QQP_PAIRS // BATCH_SIZE))


def choose(batches: list[Batch], count: int) -> list[Batch]:
    """Draw at regular intervals of width, so that few batches have about the mean width of all."""
    rng = np.random.default_rng(0)
    places = (rng.random() + np.arange(count)) * len(batches) / count
    by_width = sorted(batches, key=width)
    return [by_width[int(place)] for place in rng.permutation(places)]


def padded(batch: Batch) -> Batch:
    """The same pairs, padded to 128 tokens."""
    inputs, labels = batch
    more = (0, 0), (0, MAX_LENGTH - width(batch))
    ids = np.pad(inputs["input_ids"], more, constant_values=PAD_ID)
    return {"input_ids": ids, "attention_mask": np.pad(inputs["attention_mask"], more)}, labels


def width(batch: Batch) -> int:
    return batch[0]["input_ids"].shape[1]


def mean_width(batches: list[Batch]) -> float:
    return statistics.mean(map(width, batches))


def take_turns(ours: Side, peft: Side, batches: Iterable[tuple[Batch, Batch]]) -> np.ndarray:
    """Seconds of each step here and there, ``[steps, 2]``."""
    return np.array([(ours.seconds(here), peft.seconds(there)) for here, there in batches])


def compare_steps(ours: Side, peft: Side, rounds: int) -> None:
    batches = [full_batch(seed) for seed in range(rounds)]
    seconds = take_turns(ours, peft, zip(batches, batches, strict=True))
    here, there = np.median(seconds, axis=0)
    ratio = np.median(seconds[:, 0] / seconds[:, 1])
    print(f"step of {BATCH_SIZE} x {MAX_LENGTH} tokens, medians of {rounds}:")
    print(f"  keras_suite {here:.2f} s, PEFT {there:.2f} s")
    print(f"  ratio {ratio:.2f} (at most {SECONDS_RATIO} is wanted)")
    print(f"peak memory: keras_suite {ours.peak:,.0f} MiB, PEFT {peft.peak:,.0f} MiB")
    print(f"  ratio {ours.peak / peft.peak:.2f} (at most {MEMORY_RATIO} is wanted)", flush=True)


def compare_pairs(ours: Side, peft: Side, rounds: int, qqp: list[Batch]) -> None:
    buckets = choose(qqp, rounds)
    whole = [padded(batch) for batch in buckets]
    seconds = take_turns(ours, peft, zip(buckets, whole, strict=True))
    here, there = rounds * BATCH_SIZE / seconds.sum(axis=0)
    print(f"training on {rounds} of {len(qqp):,} batches of QQP:")
    print(
        f"  mean width: keras_suite {mean_width(buckets):.1f} tokens, PEFT {mean_width(whole):.1f}"
    )
    print(f"  mean width of all batches in buckets: {mean_width(qqp):.1f} tokens")
    print(f"  keras_suite {here:.1f} pairs/s, PEFT {there:.1f} pairs/s")
    print(f"  ratio {here / there:.2f} (at least {PAIRS_RATIO} is wanted)")


def main() -> None:
    options = arguments()
    if not all(map(importlib.util.find_spec, ("torch", "peft"))):
        print("skipped: PEFT is not installed; pip install torch==2.13.0 peft==0.17.1 (CPU)")
        return
    qqp = qqp_batches(options) if options.tokenizer else []
    ours, peft = Side(partial(keras_step, options.precision)), Side(peft_step)
    # TensorFlow traces the step for the first width and, at the second, for any.
    warm_up = [full_batch(seed=0, width=width) for width in WARM_UP_WIDTHS]
    take_turns(ours, peft, zip(warm_up, warm_up, strict=True))
    print(f"keras_suite in {options.precision}, PEFT in float32")
    compare_steps(ours, peft, options.rounds)
    if qqp:
        compare_pairs(ours, peft, options.rounds, qqp)
    else:
        print("QQP: skipped, for its tokens come from RoBERTa's tokenizer: --tokenizer FOLDER")


if __name__ == "__main__":
    main()
