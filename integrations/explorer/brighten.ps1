# Brightens the files that Explorer's "Send to" names, each into NAME_pie beside it. Originals stay; what is there
# already is skipped. An error is shown as one line.
$program = Get-Command pielight -ErrorAction SilentlyContinue
if (-not $program) {
    $text = "not installed; run in its clone: pipx install ."
} else {
    $text = & $program.Source --quiet -- @args 2>&1 | Select-Object -Last 1
    if ($LASTEXITCODE -eq 0) { exit 0 }
}
Add-Type -AssemblyName System.Windows.Forms
[void][System.Windows.Forms.MessageBox]::Show(("$text" -replace "^Error: ", ""), "pielight")
exit 1
