"""Run folders to report on, made without training."""

import json
from pathlib import Path

from PIL import Image

from keras_suite.metrics.direction import direction

REAL = {"source": "rows.csv", "kind": "real", "rows": 100, "sha256": "a" * 64}
SAMPLE = {"source": "simulated rows", "kind": "sample", "rows": 10, "sha256": "b" * 64}


def result(metric="accuracy", reproduced=0.9, reported=None, split="test", **more) -> dict:
    what = {"model": "cnn", "protocol": "paper", "split": split, "metric": metric}
    what["direction"] = direction(metric)
    return what | {"reported": reported, "reproduced": reproduced} | more


def metrics(**changes) -> dict:
    return {
        "experiment": "toy", "about": "A toy that learns.", "status": "done", "exported": "cnn",
        "command": "python experiments/toy.py --preset quick", "preset": "quick", "seed": 42,
        "data": REAL, "environment": {"python": "3.11.7", "keras": "3.15.1"},
        "seconds": {"prepare": 1.5, "total": 608.0},
        "parameters": {"total": 33570, "trainable": 33000},
        "results": [result(reported=0.86), result("loss", 0.2, 0.3), result("f1", 0.8)],
    } | changes  # fmt: skip


def write_run(
    runs: Path, name="20260101-120000-0a1b2c3d", experiment="toy", config=None, **changes
) -> Path:
    folder = runs / experiment / name
    folder.mkdir(parents=True)
    changes = {"experiment": experiment} | changes
    (folder / "metrics.json").write_text(json.dumps(metrics(**changes)))
    (folder / "config.json").write_text(json.dumps(config or {"epochs": 3, "seed": 42}))
    (folder / "history.csv").write_text("fit,epoch,val_loss\ncnn,1,0.5\ncnn,2,0.25\n")
    return folder


def write_figure(folder: Path, name="learning_curves") -> Path:
    path = folder / "figures" / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (360, 240)).save(path)
    return path


def write_search(runs: Path, name="toy", trials=12, objective="val_accuracy", data=REAL) -> Path:
    folder = runs / "tuning" / name
    folder.mkdir(parents=True)
    head = "trial,status,best_epoch,bracket,rung,epochs,initial_epoch,parent"
    rows = [
        f"{i:04},COMPLETED,1,0,0,3,0,,{0.5 + i / 100},2.5,{0.001 * (i + 1)},query key,"
        for i in range(trials)
    ]
    failed = f"{trials:04},FAILED,,0,0,3,0,,,0,0.1,query,out of memory"
    lines = [f"{head},{objective},seconds,learning_rate,targets,error", *rows, failed]
    (folder / "trials.csv").write_text("\n".join(lines) + "\n")
    (folder / "best.json").write_text(json.dumps({"learning_rate": 0.012}))
    found = {"objective": f"{objective}, max", "data": data}
    (folder / "search.json").write_text(json.dumps(found))
    return folder
