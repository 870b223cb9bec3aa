"""Keras layers: adopted transformers modules, LoRA."""
