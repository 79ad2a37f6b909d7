"""OpenLLM."""
