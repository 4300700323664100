"""How bytes come and go: WebSocket, and Engine.IO over long-polling or WebSocket. No file here knows a command."""
