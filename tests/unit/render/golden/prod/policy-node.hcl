node "orders-pg3-agent-1" { policy = "write" }
agent "orders-pg3-agent-1" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
