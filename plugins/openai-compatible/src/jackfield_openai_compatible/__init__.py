"""Any server that speaks OpenAI's dialect: vLLM, llama.cpp, SGLang, LM Studio, LocalAI, a company's gateway."""

from .provider import OpenAICompatibleServer

plugin = OpenAICompatibleServer()

__all__ = ["OpenAICompatibleServer", "plugin"]
