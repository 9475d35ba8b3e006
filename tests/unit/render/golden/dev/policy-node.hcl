node "dev-local-agent-1" { policy = "write" }
agent "dev-local-agent-1" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
