"""The wire dialects: each a codec between wire JSON and the contract, both ways, whole and streamed.

The gateway serves with the server's side (`parse_request`, `render_result`, `render_stream`, `render_error`), a plugin calls
with the client's (`build_request`, `parse_result`, `parse_stream`). No dialect is imported until it is used.
"""
