# SPDX-License-Identifier: ISC
# Prints the rows of src/line/reason.c as gapseal-line(1) has them between its markers REASONS BEGIN and END.

function flush_row(   fields, count, text) {
	count = split(row, fields, /", *"/)
	sub(/^"/, "", fields[1])
	text = fields[4]
	sub(/"$/, "", text)
	gsub(/" *"/, "", text)
	printf ".It Cm %s Pq %s , %s\n", fields[1], fields[2], fields[3]
	wrap(toupper(substr(text, 1, 1)) substr(text, 2) ".")
	if (count != 4)
		exit 1
}

function wrap(text,   words, count, line, i) {
	count = split(text, words, " ")
	line = words[1]
	for (i = 2; i <= count; i++) {
		if (length(line) + 1 + length(words[i]) > 108) {
			print line
			line = words[i]
		} else {
			line = line " " words[i]
		}
	}
	print line
}

function begin_list(title) {
	if (listed)
		print ".El"
	if (title != "")
		print ".Ss " toupper(substr(title, 1, 1)) substr(title, 2)
	print ".Bl -tag -width Ds -compact"
	listed = 1
}

/^static const struct reason reasons\[\]/ { inside = 1; next }
inside && /^};/ { print ".El"; exit }
inside && /^\t\/\* .* \*\/$/ {
	title = $0
	gsub(/^\t\/\* | \*\/$/, "", title)
	begin_list(title)
	next
}
inside && /^\t\{/ { row = ""; open = 1 }
inside && open {
	if (!listed)
		begin_list("")
	line = $0
	gsub(/^[ \t]*\{?|[ \t]+$/, "", line)
	row = row (row == "" ? "" : " ") line
	if (line ~ /\},$/) {
		sub(/\},$/, "", row)
		open = 0
		flush_row()
	}
}
