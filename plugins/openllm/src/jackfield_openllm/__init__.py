"""OpenLLM: https://github.com/bentoml/OpenLLM"""

from .provider import OpenLLM

plugin = OpenLLM()

__all__ = ["OpenLLM", "plugin"]
