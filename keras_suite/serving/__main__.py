"""Use the models of runs: predict, check exports, export for TensorFlow Serving.

python -m keras_suite.serving predict runs/fraud --csv payments.csv --to predicted.csv
python -m keras_suite.serving check runs/      do the exports give what the models gave?
python -m keras_suite.serving export runs/     to models/NAME/VERSION/, with server files
docker compose -f models/compose.yaml up       the server, on this machine alone
"""

import sys

import tyro

from keras_suite.serving.check import Check
from keras_suite.serving.predict import Predict
from keras_suite.serving.publish import Export
from keras_suite.terminal.exit_code import exit_code

COMMANDS = {"check": Check, "export": Export, "predict": Predict}


def main(arguments: list[str]) -> int:
    """Run a command; return the exit code: 0 done, 2 bad input or flags, 130 interrupted."""
    said = {"prog": "python -m keras_suite.serving", "description": __doc__.partition("\n")[0]}

    def job():
        tyro.extras.subcommand_cli_from_dict(COMMANDS, args=arguments, **said).run()

    return exit_code(job, interrupted="Interrupted; the same command begins again.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
