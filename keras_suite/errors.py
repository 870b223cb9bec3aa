"""What a person can put right."""


class InputError(Exception):
    """Bad input: data, a flag or a folder that cannot be used as it is.

    The message is one sentence for the person at the terminal: what is wrong, where, and what to
    do. Commands print it on standard error without a traceback and exit with 2.
    """
