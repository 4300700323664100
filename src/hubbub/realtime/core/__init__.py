"""What every connection has, whatever its wire and transport: its interface, settings, rates and deadlines."""
