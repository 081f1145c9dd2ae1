# Brightens the files that Explorer's "Send to" names, each into NAME_pie beside it. Originals stay; what is there
# already is skipped. An error is shown as one line.
$program = Get-Command pielight -ErrorAction SilentlyContinue
if (-not $program) {
    $text = "not installed; run in its clone: pipx install ."
} else {
    $env:PYTHONIOENCODING = "utf-8" # and PowerShell reads it as such: any name is shown as it is
    [Console]::OutputEncoding = [Text.Encoding]::UTF8
    $lines = @(& $program.Source --quiet -- @args 2>&1)
    if ($LASTEXITCODE -eq 0) { exit 0 }
    $text = $lines | Select-Object -Last 1
    if ($lines.Count -gt 1) { $text = "$text (and $($lines.Count - 1) more)" }
}
Add-Type -AssemblyName System.Windows.Forms
[void][System.Windows.Forms.MessageBox]::Show(("$text" -replace "^Error: ", ""), "pielight")
exit 1
