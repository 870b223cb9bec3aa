"""Low-rank adapters on frozen Keras models, in PEFT's format on disk."""
