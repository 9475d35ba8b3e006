key_prefix "service/orders/" { policy = "write" }
session "orders-pg3-agent-1" { policy = "write" }
agent "orders-pg3-agent-1" { policy = "read" }
