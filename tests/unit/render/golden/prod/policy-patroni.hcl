key_prefix "service/orders/" { policy = "write" }
session "orders-pg1-agent-1" { policy = "write" }
agent "orders-pg1-agent-1" { policy = "read" }
session "orders-pg2-agent-1" { policy = "write" }
agent "orders-pg2-agent-1" { policy = "read" }
session "orders-pg3-agent-1" { policy = "write" }
agent "orders-pg3-agent-1" { policy = "read" }
