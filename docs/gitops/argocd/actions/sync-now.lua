local os = require("os")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["asana-connector.dev/requestedAt"] = os.date("!%Y-%m-%dT%XZ")
return obj
