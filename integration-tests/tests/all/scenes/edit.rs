//! A change of a file, written like the body of a diff.

/// The lines of a change, in the order of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edit {
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// It is there and stays.
    Kept(String),
    /// It is there and goes.
    Removed(String),
    /// It comes.
    Added(String),
}

impl Edit {
    /// Reads lines that begin with `-`, `+`, or a space for what only says where.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let line = |line: &str| {
            let mut letters = line.chars();
            let mark = letters.next();
            let rest = letters.as_str().to_owned();
            match mark {
                Some(' ') => Ok(Line::Kept(rest)),
                Some('-') => Ok(Line::Removed(rest)),
                Some('+') => Ok(Line::Added(rest)),
                _ => Err(format!("`{line}` begins with none of `-`, `+` and a space")),
            }
        };
        let lines = text
            .lines()
            .filter(|line| !line.is_empty())
            .map(line)
            .collect::<Result<Vec<_>, _>>()?;
        if lines.is_empty() {
            return Err("nothing is changed".into());
        }
        Ok(Self { lines })
    }

    /// The changed text. Lines that come without one before them that is there come last.
    pub(super) fn apply(&self, text: &str) -> Result<String, String> {
        let mut rest = text.lines();
        let mut changed = Vec::new();
        let mut place = false;
        let mut last = Vec::new();
        for line in &self.lines {
            let (wanted, stays) = match line {
                Line::Added(added) => {
                    let to = if place { &mut changed } else { &mut last };
                    to.push(added.as_str());
                    continue;
                }
                Line::Kept(wanted) => (wanted, true),
                Line::Removed(wanted) => (wanted, false),
            };
            loop {
                let found = rest
                    .next()
                    .ok_or_else(|| format!("the file has no line `{wanted}`, or only before"))?;
                let is_it = found.split_whitespace().eq(wanted.split_whitespace());
                if !is_it || stays {
                    changed.push(found);
                }
                if is_it {
                    break;
                }
            }
            place = true;
        }
        changed.extend(rest);
        changed.extend(last);
        Ok(changed.join("\n") + "\n")
    }
}
