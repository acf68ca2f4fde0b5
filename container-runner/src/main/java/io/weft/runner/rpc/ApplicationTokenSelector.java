package io.weft.runner.rpc;

import java.util.Collection;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.token.Token;
import org.apache.hadoop.security.token.TokenIdentifier;
import org.apache.hadoop.security.token.TokenSelector;

/** Takes the application's token whatever the service: an application has one ApplicationMaster at a time. */
public final class ApplicationTokenSelector implements TokenSelector<ApplicationTokenIdentifier> {
    @Override
    @SuppressWarnings("unchecked") // the kind says what the identifier is
    public Token<ApplicationTokenIdentifier> selectToken(
            Text service, Collection<Token<? extends TokenIdentifier>> tokens) {
        for (Token<? extends TokenIdentifier> token : tokens) {
            if (ApplicationTokenIdentifier.KIND.equals(token.getKind())) {
                return (Token<ApplicationTokenIdentifier>) token;
            }
        }
        return null;
    }
}
