local suspended = obj.spec.suspend == true
local holds = (obj.status or {}).holds or {}
local hold = holds[1]

local actions = {
  ["sync-now"] = { displayName = "Sync now", iconClass = "fa fa-fw fa-sync", disabled = suspended },
  ["suspend"] = { displayName = "Suspend", iconClass = "fa fa-fw fa-pause", disabled = suspended },
  ["resume"] = { displayName = "Resume", iconClass = "fa fa-fw fa-play", disabled = not suspended },
  ["acknowledge"] = { displayName = "Acknowledge the hold", iconClass = "fa fa-fw fa-check", disabled = true },
  ["discard"] = { displayName = "Discard the removals", iconClass = "fa fa-fw fa-ban", disabled = true },
}
-- Several holds are answered one by one, each with its token, by annotation.
if #holds == 1 then
  local what = hold.reason .. ", " .. hold.count .. " (" .. hold.token .. ")"
  actions["acknowledge"].displayName = "Acknowledge " .. what
  actions["acknowledge"].disabled = false
  if hold.reason == "TooManyRemovals" then
    actions["discard"].displayName = "Discard " .. what
    actions["discard"].disabled = false
  end
end
return actions
