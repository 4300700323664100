"""Who is asking: credentials, cookies, and which pages may use them. HTTP and sockets ask here alike."""
