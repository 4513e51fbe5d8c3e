local suspended = obj.spec.suspend == true
return {
  ["sync-now"] = { displayName = "Try again now", iconClass = "fa fa-fw fa-sync", disabled = suspended },
  ["suspend"] = { displayName = "Suspend", iconClass = "fa fa-fw fa-pause", disabled = suspended },
  ["resume"] = { displayName = "Resume", iconClass = "fa fa-fw fa-play", disabled = not suspended },
}
