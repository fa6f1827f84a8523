import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { addressOf, Link, useAddress } from "./address.tsx";
import { SignedIn, useSession } from "./session.tsx";
import { SignIn } from "./sign-in.tsx";
import { TopicsPage } from "./topics/topics-page.tsx";

export function App(): ReactNode {
  return (
    <SignedIn signIn={SignIn}>
      <a className="skip" href="#content">
        To the content
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        <Page />
      </main>
    </SignedIn>
  );
}

const SECTIONS = [{ name: "topics", title: "Topics" }] as const;

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

function Page(): ReactNode {
  const { path } = useAddress();
  const [section = "topics", ...rest] = path;
  if (section === "topics" && rest.length === 0) return <TopicsPage />;
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
