"""Chat, text completion and embedding by llama.cpp, in this process, through the package xllamacpp."""
