"""Any endpoint that speaks OpenAI's dialect."""
