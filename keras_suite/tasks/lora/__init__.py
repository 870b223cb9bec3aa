"""LoRA on sentence pairs."""
