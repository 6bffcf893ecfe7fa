/// RFC 3339 in UTC, by the proleptic Gregorian calendar; a formatter would cost more than the rest of an event.
package func rfc3339(unixMilliseconds: Int64) -> String {
    let (seconds, milliseconds) = unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
    let (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let date = civilDate(daysSince1970: day)
    let time = [second / 3600, second / 60 % 60, second % 60].map { digits($0, 2) }.joined(separator: ":")
    return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))T\(time).\(digits(milliseconds, 3))Z"
}

/// Counts in eras of 400 years that begin on the first of March, so that a leap day is the last of its year.
private func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let days = daysSince1970 + 719_468
    let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}

private func digits(_ number: Int64, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
}
