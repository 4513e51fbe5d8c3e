-- Health of an AsanaConnector and of every kind of grant, from the conditions of its status.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local function isTrue(name)
  return conditions[name] ~= nil and conditions[name].status == "True"
end
local function isFalse(name)
  return conditions[name] ~= nil and conditions[name].status == "False"
end

local ready = conditions.Ready
if ready == nil then
  return { status = "Progressing", message = "The operator has not looked at it yet." }
end
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at the newest edit yet." }
end

local message = ready.reason .. ": " .. ready.message
if ready.reason == "Suspended" then
  return { status = "Suspended", message = message }
end
if isTrue("Stalled") then
  return { status = "Degraded", message = message }
end
-- A connector that works in part is Ready.
if isFalse("Synced") or isFalse("ScimAvailable") or isFalse("ConductorOneConnected") then
  if ready.status == "True" then
    return { status = "Degraded", message = message }
  end
end
-- Removals wait for the answer of a person: acknowledge or discard.
if isTrue("RemovalsPaused") or ready.reason == "RemovalsPaused" then
  return { status = "Suspended", message = message }
end
if ready.status == "True" and obj.metadata.deletionTimestamp == nil then
  return { status = "Healthy", message = message }
end
return { status = "Progressing", message = message }
