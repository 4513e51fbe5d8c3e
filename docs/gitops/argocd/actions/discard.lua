local holds = (obj.status or {}).holds or {}
if #holds ~= 1 then
  error("there is not exactly one hold: set the annotation asana-connector.dev/discard to the token of the one you mean")
end
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["asana-connector.dev/discard"] = holds[1].token
return obj
