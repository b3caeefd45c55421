"""The data plane in the browser: WebSocket routes and the one component that draws what they carry."""
