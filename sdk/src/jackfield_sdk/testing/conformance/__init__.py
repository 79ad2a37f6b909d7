"""The conformance kit: base test classes, one for each model type, that a plugin's tests subclass."""
