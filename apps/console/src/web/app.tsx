import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { addressOf, Link, useAddress } from "./address.tsx";
import { DeadLettersPage } from "./dead-letters/dead-letters-page.tsx";
import { GroupsPage } from "./groups/groups-page.tsx";
import { goToKeptPlace, useKeptWindowScroll } from "./kept-scroll.ts";
import { SignedIn, useSession } from "./session.tsx";
import { SignIn } from "./sign-in.tsx";
import { TopicPage } from "./topics/topic-page.tsx";
import { TopicsPage } from "./topics/topics-page.tsx";

export function App(): ReactNode {
  return (
    <SignedIn signIn={SignIn}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <Header />
      <Content />
    </SignedIn>
  );
}

const SECTIONS = [
  { name: "topics", title: "Topics" },
  { name: "groups", title: "Groups" },
  { name: "dead-letters", title: "Dead letters" },
] as const;

function Header(): ReactNode {
  const { path } = useAddress();
  const { end } = useSession();
  const queries = useQueryClient();
  const current = path[0] ?? "topics";
  const signOut = (): void => {
    queries.clear();
    end();
  };
  return (
    <header>
      <Link to="/" className="brand">
        Bourse <span>console</span>
      </Link>
      <nav aria-label="Sections">
        {SECTIONS.map(({ name, title }) => (
          <Link
            key={name}
            to={addressOf([name])}
            {...(current === name ? { "aria-current": "page" as const } : {})}
          >
            {title}
          </Link>
        ))}
      </nav>
      <button type="button" className="quiet" onClick={signOut}>
        Sign out
      </button>
    </header>
  );
}

/** The place of the pages. Who follows a link is on the other page then: keyboard and screen reader go on at its top. */
function Content(): ReactNode {
  const { path } = useAddress();
  const main = useRef<HTMLElement>(null);
  useKeptWindowScroll();
  const [section = "topics", name] = path;
  const page = addressOf(name === undefined ? [section] : [section, name]);
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current !== page) {
      main.current?.focus({ preventScroll: true });
      goToKeptPlace();
    }
    shown.current = page;
  }, [page]);
  useEffect(() => {
    const title = SECTIONS.find((each) => each.name === section)?.title;
    document.title = [name, title, "Bourse console"].filter(Boolean).join(" – ");
    return () => {
      document.title = "Bourse console";
    };
  }, [section, name]);
  return (
    <main id="content" tabIndex={-1} ref={main}>
      <Page path={path} />
    </main>
  );
}

function Page({ path }: { readonly path: readonly string[] }): ReactNode {
  const [section = "topics", ...rest] = path;
  const [name, part, ...beyond] = rest;
  if (section === "topics" && name === undefined) return <TopicsPage />;
  if (section === "topics" && beyond.length === 0 && (part === undefined || part === "partitions"))
    return <TopicPage key={name} name={name ?? ""} part={part} />;
  if (section === "groups" && part === undefined) return <GroupsPage name={name} />;
  if (section === "dead-letters" && name === undefined) return <DeadLettersPage />;
  return <NoPage path={path} />;
}

function NoPage({ path }: { readonly path: readonly string[] }): ReactNode {
  return (
    <div className="failure" role="alert">
      <p>
        <strong>There is no page /{path.join("/")}</strong>
      </p>
      <p>
        Pages are{" "}
        {SECTIONS.map(({ name, title }, index) => (
          <span key={name}>
            {index === 0 ? "" : ", "}
            <Link to={addressOf([name])}>{title}</Link>
          </span>
        ))}
        .
      </p>
    </div>
  );
}
