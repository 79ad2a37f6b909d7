"""Azure OpenAI (Microsoft Foundry): https://learn.microsoft.com/azure/foundry/openai/latest"""

from .provider import AzureOpenAI

plugin = AzureOpenAI()

__all__ = ["AzureOpenAI", "plugin"]
