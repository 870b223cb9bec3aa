"""CIFAR-10 with VGG19 and DeiT."""
