import ArgumentParser

@main
struct Phonebard: ParsableCommand {
    func run() throws {}
}
