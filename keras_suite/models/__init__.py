"""One builder per architecture: sizes in, an uncompiled keras.Model out."""
