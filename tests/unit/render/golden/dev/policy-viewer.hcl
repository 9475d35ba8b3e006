node_prefix "" { policy = "read" }
service_prefix "" { policy = "read" }
key_prefix "" { policy = "read" }
session_prefix "" { policy = "read" }
agent_prefix "" { policy = "read" }
operator = "read"
