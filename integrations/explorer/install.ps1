# Puts "Brighten with pielight" into Explorer's menu "Send to"; a shortcut, so that any name of a file gets through.
$ErrorActionPreference = "Stop"
$folder = Join-Path $env:LOCALAPPDATA "pielight"
New-Item -ItemType Directory -Force $folder | Out-Null
Copy-Item (Join-Path $PSScriptRoot "brighten.ps1") $folder
$name = Join-Path ([Environment]::GetFolderPath("SendTo")) "Brighten with pielight.lnk"
$link = (New-Object -ComObject WScript.Shell).CreateShortcut($name)
$link.TargetPath = "powershell.exe"
$link.Arguments = "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -File `"$folder\brighten.ps1`""
$link.Save()
