key_prefix "service/dev/" { policy = "write" }
session "dev-local-agent-1" { policy = "write" }
agent "dev-local-agent-1" { policy = "read" }
