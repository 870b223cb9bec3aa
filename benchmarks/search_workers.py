"""The Fashion-MNIST search by two workers against one worker with all cores.

    python benchmarks/search_workers.py --data-dir FOLDER   real images prepared by tfds

Both sides take turns; each is the whole command, start-up included. Prints the ratio of times.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time


def seconds(workers: int, arguments: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "tuning/search.py", "fashion_mnist", "--workers", str(workers)]
        started = time.perf_counter()
        subprocess.run(
            [*command, "--output", folder, *arguments], check=True, stdout=subprocess.DEVNULL
        )
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options, arguments = parser.parse_known_args()
    ratios = []
    for _ in range(options.rounds):
        one, two = seconds(1, arguments), seconds(2, arguments)
        ratios.append(two / one)
        print(f"1 worker {one:.0f} s, 2 workers {two:.0f} s, ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
